// The browser test: a real Chromium, a page on another origin than the API and the bucket, and every way in which a
// presigned URL must not be usable. One line of JSON per check; the exit code says whether all of them held.
//
// ATELIER_URL           the API, e.g. http://127.0.0.1:9000
// S3_SECRET_ACCESS_KEY  the key that the API signs with, to sign an expired URL
// SCREENSHOT            (optional) where to save a picture of the finished page
// CHROMIUM_PATH         (optional) another Chromium than the one from npm

import assert from "node:assert/strict";
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { join } from "node:path";
import { launch } from "./chromium.mjs";
import { picture, resign, serve } from "./fixtures.mjs";

const api = required("ATELIER_URL").replace(/\/$/, "");
const secret = required("S3_SECRET_ACCESS_KEY");
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
let failures = 0;

const site = await serve(join(import.meta.dirname, "page"));
const browser = await launch();
const page = browser.context.pages()[0];
page.setDefaultTimeout(60_000); // `cargo lambda watch` builds a function when it is first called
const complaints = [];
page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
page.on("pageerror", (error) => complaints.push(String(error)));
try {
  const token = await person();
  await refusals(token);
  await multipart(token);
} catch (error) {
  // Said already, by the check that failed.
  if (failures === 0) throw error;
} finally {
  await browser.close();
  site.close();
}
process.exitCode = failures ? 1 : 0;

/** What a person does: sign up, make an artifact, choose a picture, see it. Answers the session's token. */
async function person() {
  const image = picture();
  const email = `browser-${randomUUID()}@example.com`;
  let token, screenshot;

  await check("the page, on another origin, signs a person up", async () => {
    await page.goto(`${site.origin}/?api=${encodeURIComponent(api)}`);
    await page.getByLabel("Email").fill(email);
    await page.getByLabel("Password").fill(randomUUID());
    const reply = await clicked("Create account", "POST", "/v1/users");
    assert.equal(reply.status(), 201);
    ({ token } = (await reply.json()).session);
    await page.getByText(`Signed up as ${email}`).waitFor();
  });

  await check("creates an artifact", async () => {
    await page.getByLabel("Title").fill("A gradient");
    const reply = await clicked("Create artifact", "POST", "/v1/artifacts");
    assert.equal(reply.status(), 201);
    await page.getByText(/^Created /).waitFor();
  });

  await check("uploads the chosen picture to the bucket and shows it from its URL", async () => {
    await page.getByLabel("Picture").setInputFiles({ name: "gradient.png", mimeType: "image/png", buffer: image });
    const put = page.waitForRequest((request) => request.method() === "PUT" && !request.url().startsWith(api));
    const reply = await clicked("Upload", "PUT", "/media");
    assert.notEqual(new URL((await put).url()).origin, new URL(api).origin);
    assert.equal(reply.status(), 200);
    ({ screenshot } = await reply.json());
    await page.getByText("Uploaded").waitFor();
    const shown = page.getByAltText("The artifact's screenshot");
    await shown.waitFor();
    const size = await shown.evaluate((img) => [img.complete, img.naturalWidth, img.naturalHeight]);
    assert.deepEqual(size, [true, 640, 400]);
    assert.equal(await page.getByRole("progressbar").evaluate((bar) => bar.value), 1);
    if (process.env.SCREENSHOT) await page.screenshot({ path: process.env.SCREENSHOT, fullPage: true });
  });

  await check("the URL serves the picture as it was encoded anew, to a page on another origin", async () => {
    const src = await page.getByAltText("The artifact's screenshot").getAttribute("src");
    const bytes = await page.evaluate(async (url) => Array.from(new Uint8Array(await (await fetch(url)).arrayBuffer())), src);
    assert.equal(sha256(Buffer.from(bytes)), screenshot.sha256);
    assert.notEqual(screenshot.sha256, sha256(image));
  });

  await check("all of it without an error in the browser's console", () => assert.deepEqual(complaints, []));
  return token;
}

/** Every misuse of a presigned URL, sent by the page: the bucket refuses it, and nothing becomes ready. */
async function refusals(token) {
  const declare = async (image) => {
    const body = { purpose: "screenshot", filename: "a.png", content_type: "image/png", size: image.length, sha256: sha256(image) };
    const { json } = await ask("POST", "/v1/uploads", { token, body });
    assert.equal(json.state, "pending");
    return { ...json, part: json.parts[0], image };
  };
  const pending = async ({ id }, complete) => {
    if (complete) {
      const reply = await ask("POST", `/v1/uploads/${id}/complete`, { token });
      assert.equal(reply.status, 409, JSON.stringify(reply.json));
      assert.equal(reply.type, "application/problem+json");
    }
    assert.equal((await ask("GET", `/v1/uploads/${id}`, { token })).json.state, "pending");
  };
  const refused = (what, status, misuse) =>
    check(`${what} is refused, and nothing becomes ready`, async () => {
      const upload = await declare(picture());
      const reply = await misuse(upload);
      assert.equal(reply.status, status, JSON.stringify(reply));
      await pending(upload, true);
    });
  const without = (headers, name) => Object.fromEntries(Object.entries(headers).filter(([key]) => key.toLowerCase() !== name));

  await check("the signature covers length, type, hash and if-none-match", async () => {
    const { part } = await declare(picture());
    const signed = new URL(part.url).searchParams.get("X-Amz-SignedHeaders").split(";");
    for (const name of ["content-length", "content-type", "x-amz-checksum-sha256", "if-none-match"]) {
      assert(signed.includes(name), `${name} is not signed, only ${signed}`);
    }
  });

  await refused("a corrupt body of the same length", 400, ({ part, image }) => {
    const corrupt = Buffer.from(image);
    corrupt[corrupt.length - 20] ^= 1;
    return put(part, corrupt);
  });
  await refused("a shorter body", 403, ({ part, image }) => put(part, image.subarray(0, -1)));
  await refused("a longer body", 403, ({ part, image }) => put(part, Buffer.concat([image, randomBytes(1)])));
  await refused("another content type", 403, ({ part, image }) =>
    put({ ...part, headers: { ...without(part.headers, "content-type"), "content-type": "text/html" } }, image));
  await refused("a PUT without its hash", 403, ({ part, image }) =>
    put({ ...part, headers: without(part.headers, "x-amz-checksum-sha256") }, image));
  await refused("a PUT without if-none-match", 403, ({ part, image }) =>
    put({ ...part, headers: without(part.headers, "if-none-match") }, image));
  await refused("a URL used for another key", 403, async ({ part, image }) => {
    const other = new URL((await declare(picture())).part.url);
    other.search = new URL(part.url).search;
    return put({ ...part, url: other.href }, image);
  });
  await refused("an expired URL", 403, ({ part, image }) => {
    const lifetime = Number(new URL(part.url).searchParams.get("X-Amz-Expires"));
    return put(resign(part, image.length, { secret, at: new Date(Date.now() - (lifetime + 60) * 1000) }), image);
  });
  await check("the same signer's fresh URL is accepted, so only its age was wrong", async () => {
    const { part, image } = await declare(picture());
    const reply = await put(resign(part, image.length, { secret, at: new Date() }), image);
    assert.equal(reply.status, 200, JSON.stringify(reply));
  });

  await check("a second PUT to the same URL is refused, and changes nothing", async () => {
    const upload = await declare(picture());
    assert.equal((await put(upload.part, upload.image)).status, 200);
    assert.equal((await put(upload.part, upload.image)).status, 412);
    await pending(upload, false);
    const { status, json } = await ask("POST", `/v1/uploads/${upload.id}/complete`, { token });
    assert.equal(status, 200, JSON.stringify(json));
    // It was made of what was sent first: other bytes would not have been what was declared.
    assert.equal(json.state, "ready");
  });
  await check("bytes that the person has already cost no second upload", async () => {
    const image = picture();
    const first = await declare(image);
    await put(first.part, image);
    const completed = (await ask("POST", `/v1/uploads/${first.id}/complete`, { token })).json;
    const body = { purpose: "screenshot", filename: "b.png", content_type: "image/png", size: image.length, sha256: sha256(image) };
    const { json } = await ask("POST", "/v1/uploads", { token, body });
    assert.deepEqual([json.state, json.parts, json.blob.sha256], ["ready", [], completed.blob.sha256]);
  });
}

/** A file of several parts, broken off after the first and resumed, with the page's own `upload`. */
async function multipart(token) {
  await check("a file of several parts resumes where it broke off", async () => {
    const result = await page.evaluate(async (token) => {
      const { upload } = await import("./app.js");
      const bytes = new Uint8Array(24 << 20);
      for (let at = 0; at < bytes.length; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
      const file = new File([bytes], "bundle.bin", { type: "application/octet-stream" });
      const breaking = new AbortController();
      const options = { token, purpose: "artifact_file" };
      const broken = await upload(file, {
        ...options,
        signal: breaking.signal,
        progress: (fraction) => fraction > 0 && breaking.abort(),
      }).then(() => "not broken off", (error) => error.name);
      const steps = [];
      const { state, blob } = await upload(file, { ...options, progress: (fraction) => steps.push(fraction) });
      return { broken, state, size: blob.size, steps: steps.filter((fraction) => fraction > 0) };
    }, token);
    assert.equal(result.broken, "AbortError");
    assert.deepEqual([result.state, result.size], ["ready", 24 << 20]);
    assert(result.steps[0] < 1, `nothing was left to send: ${result.steps}`);
  });
}

/** Clicks a button and answers the reply to the call that follows from it, unless the page says first what went wrong. */
async function clicked(name, method, path) {
  const reply = page.waitForResponse((r) => r.request().method() === method && new URL(r.url()).pathname.endsWith(path));
  await page.getByRole("button", { name, exact: true }).click();
  const complaint = page.locator("output.bad").waitFor();
  return Promise.race([reply, complaint.then(() => assert.fail("the page shows an error"))]);
}

/** A call of the API from the page. */
function ask(method, path, { token, body }) {
  return page.evaluate(
    async ({ url, method, token, body }) => {
      const headers = { authorization: `Bearer ${token}`, ...(body && { "content-type": "application/json" }) };
      const response = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
      return { status: response.status, type: response.headers.get("content-type"), json: await response.json() };
    },
    { url: api + path, method, token, body },
  );
}

/** A PUT to the bucket from the page. */
function put({ url, headers }, bytes) {
  return page.evaluate(
    async ({ url, headers, base64 }) => {
      const body = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
      const response = await fetch(url, { method: "PUT", headers, body });
      return { status: response.status, text: await response.text() };
    },
    { url, headers, base64: bytes.toString("base64") },
  );
}

/** Runs one check and prints its line. A failure ends the run: what follows would only repeat it. */
async function check(name, run) {
  const start = Date.now();
  try {
    await run();
    console.log(JSON.stringify({ ok: true, check: name, ms: Date.now() - start }));
  } catch (error) {
    failures += 1;
    const said = await page.locator("output.bad").allTextContents().catch(() => []);
    console.log(JSON.stringify({ ok: false, check: name, error: error.message, page: said, console: complaints }));
    throw error;
  }
}

function required(name) {
  if (process.env[name]) return process.env[name];
  console.error(`${name} is not set. \`eval "$(cargo xtask env)"\` sets it for the running development stack.`);
  process.exit(2);
}
