"""The dashboard in a browser: a guarded server in front of dashboards that run as processes of their own."""
