"""The console: pages for officials whose own application asks relhub nothing. It asks the API, as any application does."""
