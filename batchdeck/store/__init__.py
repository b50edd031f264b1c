"""The deck on disk: ledger, archive, vault, plans, audit log and locks. Every path is made here."""
