// Shows the API's description. A file of its own, for the content security policy allows no script within the page.
window.SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#description",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  filter: true,
  // The validator is a website; this page asks nobody but its own server.
  validatorUrl: null,
});
