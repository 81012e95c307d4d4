"""What the demo systems accept. Known to everyone: for the demo only."""

PERMITS_CLIENT_ID, PERMITS_SECRET = "relhub", "demo-permits-secret-of-at-least-32-bytes"
ENFORCEMENT_KEY = "demo-enforcement-key"
PROJECTS_CLIENT_ID, PROJECTS_SECRET = "relhub", "demo-projects-secret"

DEMO_SECRETS: dict[str, str] = {
    "RELHUB_DEMO_PERMITS_SECRET": PERMITS_SECRET,
    "RELHUB_DEMO_ENFORCEMENT_KEY": ENFORCEMENT_KEY,
    "RELHUB_DEMO_PROJECTS_SECRET": PROJECTS_SECRET,
}
