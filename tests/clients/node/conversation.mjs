// How a script talks with the test that started it: one line of JSON each way.
// {"open": url} asks for a person who consents there; the answer is {"location": url}.

import { createInterface } from 'node:readline'

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()

export const told = JSON.parse(process.argv[2])

export async function person(url) {
  console.log(JSON.stringify({ open: String(url) }))
  const { value } = await lines.next()
  return new URL(JSON.parse(value).location)
}

export function done(facts) {
  console.log(JSON.stringify({ done: facts }))
  process.exit(0)
}

// The private half of a client's key, as an assertion or a proof is signed with it.
export async function signingKey(jwk) {
  const { alg, kid, key_ops, use, ...material } = jwk
  const algorithm = { name: 'ECDSA', namedCurve: jwk.crv }
  const key = await crypto.subtle.importKey('jwk', material, algorithm, false, ['sign'])
  return { key, kid }
}
