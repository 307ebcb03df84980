import * as client from 'openid-client'
import { done, person, signingKey, told } from './conversation.mjs'

async function authentication() {
  const methods = {
    client_secret_basic: () => client.ClientSecretBasic(told.client_secret),
    client_secret_post: () => client.ClientSecretPost(told.client_secret),
    none: () => client.None(),
    private_key_jwt: async () => client.PrivateKeyJwt(await signingKey(told.jwk)),
  }
  return methods[told.method]()
}

const insecure = { execute: [client.allowInsecureRequests], algorithm: told.openid ? 'oidc' : 'oauth2' }
const metadata = { id_token_signed_response_alg: 'ES256' }
const config = await client.discovery(
  new URL(told.issuer), told.client_id, metadata, await authentication(), insecure,
)
const facts = {}
const verifier = client.randomPKCECodeVerifier()
const state = client.randomState()
const nonce = told.openid ? client.randomNonce() : undefined
const options = told.dpop
  ? { DPoP: client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256')) }
  : {}
const parameters = {
  redirect_uri: told.redirect_uri,
  scope: told.scope,
  state,
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
  ...(nonce && { nonce }),
}
const url = told.par
  ? await client.buildAuthorizationUrlWithPAR(config, parameters, options)
  : client.buildAuthorizationUrl(config, parameters)
const back = await person(url)
const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce }
const tokens = await client.authorizationCodeGrant(config, back, checks, undefined, options)
facts.token_type = tokens.token_type

async function read(token) {
  const answer = await client.fetchProtectedResource(
    config, token, new URL(told.resource), 'GET', undefined, undefined, options,
  )
  return { status: answer.status, body: await answer.json() }
}

facts.first = await read(tokens.access_token)
if (told.openid) {
  facts.claims = tokens.claims()
  facts.userinfo = await client.fetchUserInfo(
    config, tokens.access_token, tokens.claims().sub, options,
  )
}
if (told.introspect) {
  facts.introspection = await client.tokenIntrospection(config, tokens.access_token)
}
const renewed = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, options)
facts.second = await read(renewed.access_token)
await client.tokenRevocation(config, renewed.refresh_token ?? tokens.refresh_token)
facts.after_revocation = await read(renewed.access_token).catch((error) => ({
  status: error.status ?? error.cause?.status ?? error.response?.status ?? String(error),
}))
done(facts)
