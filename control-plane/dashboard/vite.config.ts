import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** Where the pages' own program is; `CONTROL_PLANE` names another for `npm run dev`. */
const controlPlane = process.env["CONTROL_PLANE"] ?? "http://127.0.0.1:8080";

/** Most bytes, compressed, that a first load may cost before it shows anything: page, scripts, texts, styles, font. */
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

/** Holds that every component of Mantine that is used has its styles, and that there are none of others. */
function styled(): Plugin {
  const names = (ids: Iterable<string>, form: RegExp) => new Set([...ids].flatMap((id) => form.exec(id)?.[1] ?? []));
  return {
    name: "styled",
    apply: "build",
    generateBundle(_, bundle) {
      const modules = Object.values(bundle).flatMap((chunk) => (chunk.type === "chunk" ? chunk.moduleIds : []));
      const used = names(modules, /@mantine\/core\/esm\/.*\/(\w+)\.module\.mjs$/);
      const there = names(this.getModuleIds(), /@mantine\/core\/styles\/([A-Z]\w+)\.css$/);
      const bare = [...used].filter((name) => !there.has(name));
      const idle = [...there].filter((name) => !used.has(name));
      if (bare.length + idle.length > 0) {
        this.error(`src/ui/styles.ts or src/ui/rare: no styles of ${bare.join(", ")}; of no use: ${idle.join(", ")}`);
      }
    },
  };
}

/** Pages that are opened first, each with what it loads by and by before it shows anything. */
const FIRST = {
  "/sign-in": ["index.html", "src/portal/entrance/sign-in.tsx"],
  // The one of three in the morning.
  "/o/…/alerts": ["index.html", "src/portal/shell/shell.tsx", "src/portal/alerts/list.tsx"],
  "/admin/sign-in": ["admin.html", "src/texts/en/admin/index.ts", "src/admin/shell/sign-in.tsx"],
  "/admin": ["admin.html", "src/texts/en/admin/index.ts", "src/admin/shell/shell.tsx", "src/admin/fleet/fleet.tsx"],
};

/** Adds up what each of them transfers, and fails where that is over the budget. */
function budget(): Plugin {
  const loaded = new Map<string, Set<string>>();
  return {
    name: "budget",
    apply: "build",
    generateBundle(_, bundle) {
      const chunks = Object.values(bundle).filter((chunk) => chunk.type === "chunk");
      const add = (file: string, files: Set<string>) => {
        const chunk = bundle[file];
        if (chunk?.type === "chunk" && !files.has(file)) {
          files.add(file);
          for (const style of chunk.viteMetadata?.importedCss ?? []) {
            files.add(style);
          }
          for (const imported of chunk.imports) {
            add(imported, files);
          }
        }
      };
      for (const [page, modules] of Object.entries(FIRST)) {
        // The Latin part of the font: every page has Latin letters.
        const files = new Set(Object.keys(bundle).filter((file) => /manrope-latin-wght[^/]*\.woff2$/.test(file)));
        for (const module of modules) {
          const chunk = chunks.find(({ facadeModuleId, moduleIds }) =>
            [facadeModuleId, ...moduleIds].some((id) => id?.endsWith(`/dashboard/${module}`)),
          );
          if (!chunk) {
            this.error(`no chunk holds ${module}, which ${page} begins with`);
          }
          add(chunk.fileName, files);
        }
        loaded.set(page, files);
      }
    },
    closeBundle() {
      const cost = (file: string) =>
        statSync([`dist/${file}.br`, `dist/${file}`].find((path) => existsSync(path)) ?? "").size;
      for (const [page, files] of loaded) {
        const [html = ""] = FIRST[page as keyof typeof FIRST];
        const named = [...readFileSync(`dist/${html}`, "utf8").matchAll(/(?:src|href)="\/([^"]+)"/g)];
        const all = new Set([html, ...named.map((match) => match[1] ?? ""), ...files]);
        all.delete("status");
        const bytes = [...all].reduce((sum, file) => sum + cost(file), 0);
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
  plugins: [react(), styled(), compressed(), budget(), adminPage()],
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
