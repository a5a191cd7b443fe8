// What the browser test needs around it: an origin for the page, pictures, and a signer of its own.

import { createHash, createHmac, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { basename, extname, join } from "node:path";
import { crc32, deflateSync } from "node:zlib";

const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8" };

/** Serves the files of one folder on a free port of 127.0.0.1. */
export async function serve(folder) {
  const server = createServer(async (request, response) => {
    const name = basename(new URL(request.url, "http://page").pathname) || "index.html";
    try {
      const body = await readFile(join(folder, name));
      response.writeHead(200, { "content-type": TYPES[extname(name)] ?? "application/octet-stream" }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

/** A PNG that shows a gradient. Its colours are random, so that no two runs upload the same bytes. */
export function picture(width = 640, height = 400) {
  const [from, to] = [randomBytes(3), randomBytes(3)];
  const rows = Buffer.alloc(height * (1 + width * 3)); // each row begins with its filter: none
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const t = (x / width + y / height) / 2;
      for (let c = 0; c < 3; c += 1) rows[y * (1 + width * 3) + 1 + x * 3 + c] = from[c] + (to[c] - from[c]) * t;
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8); // 8 bits each of red, green and blue
  const marker = Buffer.concat([Buffer.from("Comment\0"), Buffer.from(randomBytes(16).toString("hex"))]);
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    chunk("tEXt", marker),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(data.length, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return chunk;
}

/** The same presigned URL as if it had been made at another time (SigV4): with the right secret, only its age differs. */
export function resign(part, size, { secret, at }) {
  const url = new URL(part.url);
  const query = url.searchParams;
  const time = at.toISOString().replace(/[-:]|\.\d+/g, "");
  const scope = query.get("X-Amz-Credential").split("/").slice(1).with(0, time.slice(0, 8));
  query.set("X-Amz-Credential", [query.get("X-Amz-Credential").split("/")[0], ...scope].join("/"));
  query.set("X-Amz-Date", time);
  query.delete("X-Amz-Signature");

  const names = query.get("X-Amz-SignedHeaders");
  const given = Object.entries(part.headers).map(([name, value]) => [name.toLowerCase(), value]);
  const headers = { ...Object.fromEntries(given), host: url.host, "content-length": size };
  const encode = (text) => encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`.toUpperCase());
  const canonical = [
    part.method,
    url.pathname,
    [...query].map(([name, value]) => `${encode(name)}=${encode(value)}`).sort().join("&"),
    ...names.split(";").map((name) => `${name}:${headers[name]}`),
    "",
    names,
    "UNSIGNED-PAYLOAD",
  ].join("\n");
  const digest = createHash("sha256").update(canonical).digest("hex");
  const hmac = (key, text) => createHmac("sha256", key).update(text).digest();
  const key = scope.reduce(hmac, `AWS4${secret}`);
  const signature = hmac(key, ["AWS4-HMAC-SHA256", time, scope.join("/"), digest].join("\n"));
  query.set("X-Amz-Signature", signature.toString("hex"));
  return { ...part, url: url.href };
}
