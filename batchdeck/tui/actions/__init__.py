"""What the dashboard can do, as data: named, described and keyed once. Nothing here knows a widget."""
