// Chromium from npm alone: `@sparticuz/chromium` carries it compressed, with the libraries (NSS, expat) and fonts that a
// bare machine lacks. Its own entry point unpacks into /tmp, and the libraries only where it finds itself on Lambda; so
// only its archives are used, and unpacked below node_modules.

import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox", // root has no sandbox, and an ordinary user may not make one in every container
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A running browser with a profile of its own; `close` ends it and removes the profile. */
export async function launch() {
  const { executable, env } = locate();
  const home = mkdtempSync(join(tmpdir(), "atelier-browser-"));
  const context = await chromium
    .launchPersistentContext(join(home, "profile"), {
      ...executable,
      args: FLAGS,
      env: { ...process.env, HOME: home, ...env(home) },
    })
    .catch((error) => {
      rmSync(home, { recursive: true, force: true });
      throw error;
    });
  const close = async () => {
    await context.close();
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  };
  return { context, close };
}

/** Which Chromium: the one named by CHROMIUM_PATH, the package's, or an installed Chrome where the package has none. */
function locate() {
  const none = () => ({});
  if (process.env.CHROMIUM_PATH) return { executable: { executablePath: process.env.CHROMIUM_PATH }, env: none };
  if (process.platform !== "linux" || process.arch !== "x64") return { executable: { channel: "chrome" }, env: none };
  const folder = unpack();
  const env = (home) => {
    const conf = join(home, "fonts.conf");
    writeFileSync(
      conf,
      `<?xml version="1.0"?><fontconfig><dir>${folder}/fonts</dir><cachedir>${home}/fonts</cachedir></fontconfig>`,
    );
    return { LD_LIBRARY_PATH: join(folder, "lib"), FONTCONFIG_FILE: conf };
  };
  return { executable: { executablePath: join(folder, "chromium") }, env };
}

/** Unpacks once per version, and whole or not at all: a broken-off run leaves nothing that looks finished. */
function unpack() {
  const modules = join(import.meta.dirname, "node_modules");
  const source = join(modules, "@sparticuz", "chromium");
  const { version } = JSON.parse(readFileSync(join(source, "package.json"), "utf8"));
  const folder = join(modules, ".cache", `chromium-${version}`);
  if (existsSync(folder)) return folder;

  mkdirSync(dirname(folder), { recursive: true });
  const partial = mkdtempSync(`${folder}.`);
  chmodSync(partial, 0o755);
  const inflate = (file) => brotliDecompressSync(readFileSync(join(source, "bin", file)));
  writeFileSync(join(partial, "chromium"), inflate("chromium.br"), { mode: 0o755 });
  for (const archive of ["al2023.tar.br", "fonts.tar.br"]) {
    const tar = spawnSync("tar", ["-x", "--no-same-owner", "-C", partial], { input: inflate(archive) });
    if (tar.status !== 0) throw new Error(`tar could not unpack ${archive}: ${tar.error ?? tar.stderr}`);
  }
  try {
    renameSync(partial, folder);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    if (!existsSync(folder)) throw error; // otherwise another run was faster
  }
  return folder;
}
