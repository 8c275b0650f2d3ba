import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin, type Rolldown } from "vite";

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

/** Stores what pages load compressed beside itself, so that the program never compresses while somebody waits. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    writeBundle({ dir = "" }) {
      for (const path of files(dir)) {
        if (/\.(js|css|svg|md)$/.test(path)) {
          const packed = brotliCompressSync(readFileSync(path), {
            params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY },
          });
          writeFileSync(`${path}.br`, packed);
        }
      }
    },
  };
}

type Bundle = Rolldown.OutputBundle;

/** A chunk and whatever is loaded with it. */
function closure(bundle: Bundle, file: string, files = new Set<string>()): Set<string> {
  const chunk = bundle[file];
  if (chunk?.type === "chunk" && !files.has(file)) {
    files.add(file);
    for (const imported of chunk.imports) {
      closure(bundle, imported, files);
    }
  }
  return files;
}

/** Holds that every component of Mantine has its styles wherever it is loaded, and that there are no styles of others. */
function styled(): Plugin {
  return {
    name: "styled",
    apply: "build",
    generateBundle(_, bundle) {
      const chunks = Object.values(bundle).filter((chunk) => chunk.type === "chunk");
      const names = (files: Iterable<string>, form: RegExp) => {
        const loaded = [...files].flatMap(
          (file) => chunks.find(({ fileName }) => fileName === file)?.moduleIds ?? [],
        );
        return new Set(loaded.flatMap((id) => form.exec(id)?.[1] ?? []));
      };
      const COMPONENT = /@mantine\/core\/esm\/.*\/(\w+)\.module\.mjs$/;
      const STYLES = /@mantine\/core\/styles\/([A-Z]\w+)\.css$/;
      const first = chunks.filter(({ isEntry }) => isEntry).flatMap(({ fileName }) => [...closure(bundle, fileName)]);
      const bare = chunks
        .filter(({ isEntry, isDynamicEntry }) => isEntry || isDynamicEntry)
        .flatMap(({ fileName, name }) => {
          const files = closure(bundle, fileName);
          const there = names([...first, ...files], STYLES);
          return [...names(files, COMPONENT)].filter((one) => !there.has(one)).map((one) => `${one} of ${name}`);
        });
      const used = names(Object.keys(bundle), COMPONENT);
      const idle = [...names(Object.keys(bundle), STYLES)].filter((one) => !used.has(one));
      if (bare.length + idle.length > 0) {
        this.error(
          `src/ui/styles.ts or src/ui/rare: no styles for ${bare.join(", ")}; of no use: ${idle.join(", ")}`,
        );
      }
    },
  };
}

/** Pages that are opened first, each with what it loads by and by before it shows anything, in each language. */
const FIRST = (["en", "uk"] as const).flatMap((language) => {
  const texts = language === "en" ? [] : [`src/texts/${language}/first.ts`];
  const ofOperators = [...texts, `src/texts/${language}/admin/index.ts`];
  return [
    { page: "/sign-in", html: "index.html", of: ["entrance/entrance", "entrance/sign-in"], texts },
    // The one of three in the morning.
    { page: "/o/…/alerts", html: "index.html", of: ["shell/shell", "alerts/list"], texts },
    { page: "/admin/sign-in", html: "admin.html", of: ["shell/sign-in"], texts: ofOperators },
    { page: "/admin", html: "admin.html", of: ["shell/shell", "fleet/fleet"], texts: ofOperators },
  ].map(({ page, html, of, texts }) => ({
    page: `${page}, ${language}`,
    html,
    modules: [html, ...texts, ...of.map((it) => `src/${html === "index.html" ? "portal" : "admin"}/${it}.tsx`)],
  }));
});

/** Adds up what each of them transfers, and fails where that is over the budget. */
function budget(): Plugin {
  return {
    name: "budget",
    apply: "build",
    writeBundle({ dir = "" }, bundle) {
      const chunks = Object.values(bundle).filter((chunk) => chunk.type === "chunk");
      const size = (file: string) => statSync([`${file}.br`, file].find(existsSync) ?? file).size;
      for (const { page, html, modules } of FIRST) {
        // Letters are shown before their font is there. Its Latin part counts all the same: every page has Latin letters.
        const files = new Set(Object.keys(bundle).filter((file) => /manrope-latin-wght/.test(file)));
        for (const module of modules) {
          const chunk = chunks.find(({ facadeModuleId, moduleIds }) =>
            [facadeModuleId, ...moduleIds].some((id) => id?.endsWith(`/dashboard/${module}`)),
          );
          if (!chunk) {
            this.error(`no chunk holds ${module}, which ${page} begins with`);
          }
          closure(bundle, chunk.fileName, files);
        }
        for (const { viteMetadata } of chunks.filter(({ fileName }) => files.has(fileName))) {
          viteMetadata?.importedCss.forEach((style) => void files.add(style));
        }
        for (const [, asset = ""] of readFileSync(join(dir, html), "utf8").matchAll(
          /(?:src|href)="\/(assets\/[^"]+)"/g,
        )) {
          files.add(asset);
        }
        const bytes = [html, ...files].reduce((sum, file) => sum + size(join(dir, file)), 0);
        process.stdout.write(`first load of ${page}: ${(bytes / 1024).toFixed(1)} KB of ${BUDGET / 1024} KB\n`);
        if (bytes > BUDGET) {
          this.error(`the first load of ${page} is ${bytes} bytes compressed, over the budget of ${BUDGET}`);
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
    // Licences of what is bundled: read on a page of the account, and part of the Debian package.
    license: { fileName: "assets/third-party-notices.md" },
    rolldownOptions: {
      input: ["index.html", "admin.html"],
      // What both panels begin with is one file: many small ones compress worse.
      output: { codeSplitting: { groups: [{ name: "start", tags: ["$initial"], minShareCount: 2 }] } },
    },
  },
  server: {
    proxy: {
      "/api": { target: controlPlane, changeOrigin: false },
      "/status": { target: controlPlane, changeOrigin: false },
      "/problems": { target: controlPlane, changeOrigin: false },
    },
  },
});
