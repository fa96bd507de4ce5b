"""An ad platform for tests that lives outside the package: members expire, requests are processed later, days have quotas."""
