import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** Where the pages' own program is; `CONTROL_PLANE` names another for `npm run dev`. */
const controlPlane = process.env["CONTROL_PLANE"] ?? "http://127.0.0.1:8080";

/** Most bytes, compressed, that a first load may cost: the page, its scripts and styles, and the font. */
const BUDGET = 250 * 1024;

/** The control plane fills this in with each answer, and lets nothing else run. */
const NONCE = "%NONCE%";

function files(dir: string): string[] {
  return readdirSync(dir).flatMap((name) => {
    const path = join(dir, name);
    return statSync(path).isDirectory() ? files(path) : [path];
  });
}

/** Stores each file compressed beside itself, so that the program never compresses while somebody waits. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    closeBundle() {
      for (const path of files("dist")) {
        if (/\.(html|js|css|svg|json|txt|webmanifest)$/.test(path)) {
          const packed = brotliCompressSync(readFileSync(path), {
            params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY },
          });
          writeFileSync(`${path}.br`, packed);
        }
      }
    },
  };
}

/** Adds up what each page loads before it shows anything, and fails where that is over the budget. */
function budget(): Plugin {
  return {
    name: "budget",
    apply: "build",
    closeBundle() {
      const assets = new Map(files("dist").map((path) => [path.replace(/^dist/, ""), path]));
      const cost = (path: string) => {
        const file = assets.get(`${path}.br`) ?? assets.get(path);
        return file ? statSync(file).size : 0;
      };
      for (const page of ["/index.html", "/admin.html"]) {
        const html = readFileSync(`dist${page}`, "utf8");
        const named = [...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map((match) => match[1] ?? "");
        // The Latin part of the font: every page has Latin letters.
        const fonts = [...assets.keys()].filter((path) => /manrope-latin-wght[^/]*\.woff2$/.test(path));
        const bytes = [page, ...new Set(named), ...fonts].reduce((sum, path) => sum + cost(path), 0);
        process.stdout.write(`first load of ${page}: ${(bytes / 1024).toFixed(1)} KB of ${BUDGET / 1024} KB\n`);
        if (bytes > BUDGET) {
          throw new Error(`the first load of ${page} is ${bytes} bytes compressed, over the budget of ${BUDGET}`);
        }
      }
    },
  };
}

/** Shows the admin panel below /admin, as the control plane does: Vite itself knows it by its file alone. */
function adminPage(): Plugin {
  return {
    name: "admin-page",
    apply: "serve",
    configureServer(server) {
      server.middlewares.use((request, _response, next) => {
        if (/^\/admin(\/|\?|$)/.test(request.url ?? "")) {
          request.url = "/admin.html";
        }
        next();
      });
    },
  };
}

export default defineConfig({
  plugins: [react(), compressed(), budget(), adminPage()],
  html: { cspNonce: NONCE },
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: { input: ["index.html", "admin.html"] },
  },
  server: {
    proxy: {
      "/api": { target: controlPlane, changeOrigin: false },
      "/status": { target: controlPlane, changeOrigin: false },
      "/problems": { target: controlPlane, changeOrigin: false },
    },
  },
});
