// Declare, upload, complete: all that a page on another origin needs to give Atelier a file.
// Open it with the API's address: index.html?api=https://….execute-api.eu-central-1.amazonaws.com

const base = new URL(location.href).searchParams.get("api")?.replace(/\/$/, "") ?? "";

/** A refusal, from the API (RFC 9457) or from the bucket. */
class Refused extends Error {
  constructor(status, problem) {
    super(problem.errors?.map((e) => `${e.pointer}: ${e.detail}`).join("; ") || problem.detail || problem.title);
    Object.assign(this, { status, code: problem.code });
  }
}

/** One call of the API. `ifMatch` says which state of the resource the caller has seen. */
export async function call(method, path, { token, body, ifMatch } = {}) {
  const headers = {};
  if (token) headers.authorization = `Bearer ${token}`;
  if (body !== undefined) headers["content-type"] = "application/json";
  if (ifMatch) headers["if-match"] = ifMatch;
  // A retry of the same POST, after a lost reply, then does its work once.
  if (method === "POST" && token) headers["idempotency-key"] = crypto.randomUUID();
  const init = { method, headers, body: body === undefined ? undefined : JSON.stringify(body) };
  const response = await patiently(() => fetch(base + path, init), method !== "POST" || Boolean(token));
  const json = response.status === 204 ? null : await response.json();
  if (!response.ok) throw new Refused(response.status, json);
  return { status: response.status, etag: response.headers.get("etag"), json };
}

/** Tries again, three times in all, what a moment may mend: a broken connection, a server that is away. */
async function patiently(attempt, repeatable = true) {
  for (let left = 2; ; left -= 1) {
    try {
      const response = await attempt();
      if (response.status < 500 || left === 0 || !repeatable) return response;
    } catch (error) {
      if (left === 0 || !repeatable || error.name === "AbortError") throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/**
 * Gives Atelier a file and answers the finished upload. `progress(fraction, words)` hears of every step and of every part
 * that has arrived: `fetch` does not tell how much of a body it has sent. What is under way is remembered in this tab: the
 * same file, chosen again by the same person after a failure or a reload, goes on where it stopped.
 */
export async function upload(file, { token, purpose, progress = () => {}, signal }) {
  progress(0, "Computing its SHA-256");
  const sha256 = hex(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  const key = `upload ${purpose} ${sha256}`;

  let state = await resume(JSON.parse(sessionStorage.getItem(key)), token);
  if (!state) {
    progress(0, "Declaring it");
    const body = { purpose, filename: file.name, content_type: file.type, size: file.size, sha256 };
    const { json } = await call("POST", "/v1/uploads", { token, body });
    state = { ...json, partSize: json.parts[0]?.size };
    sessionStorage.setItem(key, JSON.stringify({ id: state.id, partSize: state.partSize }));
  }

  // The parts that carry a URL are those that have not arrived.
  const missing = state.parts.filter((part) => part.url);
  let arrived = file.size - missing.reduce((sum, part) => sum + part.size, 0);
  for (const [index, part] of missing.entries()) {
    progress(arrived / file.size, missing.length > 1 ? `Sending part ${index + 1} of ${missing.length}` : "Sending it");
    await send(part, file, (part.number - 1) * state.partSize, signal);
    arrived += part.size;
  }

  progress(1, "Checking it");
  if (state.state !== "ready") state = (await call("POST", `/v1/uploads/${state.id}/complete`, { token })).json;
  sessionStorage.removeItem(key);
  return state;
}

/** The upload that this tab began and did not finish, with new URLs for what is missing; nothing if it is gone. */
async function resume(saved, token) {
  if (!saved) return null;
  try {
    const { json } = await call("GET", `/v1/uploads/${saved.id}`, { token });
    return ["pending", "ready"].includes(json.state) ? { ...json, partSize: saved.partSize } : null;
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return null;
    throw error;
  }
}

async function send({ method, url, headers, size }, file, start, signal) {
  const body = file.slice(start, start + size);
  const response = await patiently(() => fetch(url, { method, headers, body, signal }));
  // 412: the bytes are there already, from an attempt whose reply was lost.
  if (response.ok || response.status === 412) return;
  const code = /<Code>(.*?)<\/Code>/.exec(await response.text())?.[1] ?? response.statusText;
  throw new Refused(response.status, { title: `The bucket refused it: ${code}` });
}

function hex(buffer) {
  return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// The page itself: three forms, each of which opens the next.

let token;
let artifact;

step("register", "artifact", async ({ email, password }) => {
  const { json } = await call("POST", "/v1/users", { body: { email, password } });
  token = json.session.token;
  return `Signed up as ${json.user.email}`;
});

step("artifact", "screenshot", async ({ title }) => {
  const { json, etag } = await call("POST", "/v1/artifacts", { token, body: { title } });
  artifact = { id: json.id, etag };
  return `Created ${json.id}`;
});

step("screenshot", null, async ({ picture }, form) => {
  const bar = form.querySelector("progress");
  const words = form.querySelector("output");
  const { id } = await upload(picture, {
    token,
    purpose: "screenshot",
    progress: (fraction, text) => {
      bar.value = fraction;
      words.textContent = text;
    },
  });
  words.textContent = "Attaching it";
  const path = `/v1/artifacts/${artifact.id}/media`;
  const { json, etag } = await call("PUT", path, { token, body: { screenshot: id }, ifMatch: artifact.etag });
  artifact.etag = etag ?? artifact.etag;

  const figure = form.querySelector("figure");
  const image = figure.querySelector("img");
  image.src = json.screenshot.url;
  await image.decode();
  figure.querySelector("figcaption").textContent = `SHA-256 ${json.screenshot.sha256}, ${json.screenshot.size} bytes`;
  figure.hidden = false;
  return "Uploaded";
});

function step(id, next, action) {
  const form = document.getElementById(id);
  const words = form.querySelector("output");
  const button = form.querySelector("button");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    words.className = "";
    button.disabled = true;
    try {
      words.textContent = await action(Object.fromEntries(new FormData(form)), form);
      words.className = "good";
      if (next) document.querySelector(`#${next} fieldset`).disabled = false;
    } catch (error) {
      words.textContent = error.message;
      words.className = "bad";
    } finally {
      button.disabled = false;
    }
  });
}
