// Opens and seals the fields of web21 by what docs/encryption.md says, with Node's own crypto.
import { createCipheriv, createDecipheriv } from "node:crypto";
import { readFileSync } from "node:fs";

const { key, open, seal } = JSON.parse(readFileSync(0, "utf8"));
const secret = Buffer.from(key, "base64");

function opened({ field, sealed }) {
  const packed = Buffer.from(sealed, "base64");
  const decipher = createDecipheriv("aes-256-gcm", secret, packed.subarray(0, 12));
  decipher.setAAD(Buffer.from(field));
  decipher.setAuthTag(packed.subarray(-16));
  return decipher.update(packed.subarray(12, -16), undefined, "utf8") + decipher.final("utf8");
}

function sealed({ field, text, nonce }) {
  const iv = Buffer.from(nonce, "hex");
  const cipher = createCipheriv("aes-256-gcm", secret, iv);
  cipher.setAAD(Buffer.from(field));
  const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return Buffer.concat([iv, body, cipher.getAuthTag()]).toString("base64");
}

console.log(JSON.stringify({ opened: open.map(opened), sealed: seal.map(sealed) }));
