import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const backend = "http://127.0.0.1:8080";

/** The API page's own files as they were published: the page that loads them is public/swagger/index.html. */
function swaggerUi(): Plugin {
  const files = ["swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-bundle.js.LICENSE.txt"];
  return {
    name: "swagger-ui",
    apply: "build",
    async generateBundle() {
      for (const file of files) {
        const source = await this.fs.readFile(`node_modules/swagger-ui-dist/${file}`);
        this.emitFile({ type: "asset", fileName: `swagger/${file}`, source });
      }
    },
  };
}

export default defineConfig({
  base: "/ui/",
  plugins: [react(), swaggerUi()],
  build: {
    outDir: "../src/sightline/adapters/inbound/http/ui",
    emptyOutDir: true,
    target: "es2022",
    // The server sends a strict content security policy: no inlined data addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    host: "127.0.0.1",
    proxy: {
      "/api": backend,
      "/ws": { target: backend.replace("http", "ws"), ws: true },
    },
  },
  test: {
    include: ["src/**/*.test.ts"],
  },
});
