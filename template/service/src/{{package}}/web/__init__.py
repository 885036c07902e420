"""For a Django project: `path("", include("<package>.web.urls"))` in its URLs. No model, no app to install."""
