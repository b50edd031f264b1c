"""How the dashboard treats the terminal: colours, safe text, clipboard, attention, pace, and a clean exit."""
