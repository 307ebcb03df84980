import * as oauth from 'oauth4webapi'
import { done, person, signingKey, told } from './conversation.mjs'

const insecure = { [oauth.allowInsecureRequests]: true }
const issuer = new URL(told.issuer)
const found = await oauth.discoveryRequest(issuer, {
  ...insecure, algorithm: told.openid ? 'oidc' : 'oauth2',
})
const as = await oauth.processDiscoveryResponse(issuer, found)
const client = { client_id: told.client_id, id_token_signed_response_alg: 'ES256' }
const methods = {
  client_secret_basic: () => oauth.ClientSecretBasic(told.client_secret),
  client_secret_post: () => oauth.ClientSecretPost(told.client_secret),
  none: () => oauth.None(),
  private_key_jwt: async () => oauth.PrivateKeyJwt(await signingKey(told.jwk)),
}
const authentication = await methods[told.method]()
const keys = told.dpop ? await oauth.generateKeyPair('ES256') : undefined
const DPoP = keys && oauth.DPoP(client, keys)
const options = { ...insecure, ...(DPoP && { DPoP }) }
const facts = {}

const verifier = oauth.generateRandomCodeVerifier()
const state = oauth.generateRandomState()
const nonce = told.openid ? oauth.generateRandomNonce() : undefined
const parameters = new URLSearchParams({
  response_type: 'code',
  client_id: told.client_id,
  redirect_uri: told.redirect_uri,
  scope: told.scope,
  state,
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
})
if (nonce) parameters.set('nonce', nonce)
const url = new URL(as.authorization_endpoint)
if (told.par) {
  const pushed = await oauth.pushedAuthorizationRequest(as, client, authentication, parameters, options)
  const handle = await oauth.processPushedAuthorizationResponse(as, client, pushed)
  url.searchParams.set('client_id', told.client_id)
  url.searchParams.set('request_uri', handle.request_uri)
} else {
  url.search = parameters.toString()
}
const answer = oauth.validateAuthResponse(as, client, await person(url), state)
const granted = await oauth.authorizationCodeGrantRequest(
  as, client, authentication, answer, told.redirect_uri, verifier, options,
)
const tokens = await oauth.processAuthorizationCodeResponse(as, client, granted, {
  expectedNonce: nonce, requireIdToken: told.openid,
})
facts.token_type = tokens.token_type

async function read(token) {
  const reply = await oauth.protectedResourceRequest(
    token, 'GET', new URL(told.resource), undefined, null, options,
  )
  return { status: reply.status, body: await reply.json() }
}

facts.first = await read(tokens.access_token)
if (told.openid) {
  facts.claims = oauth.getValidatedIdTokenClaims(tokens)
  const reply = await oauth.userInfoRequest(as, client, tokens.access_token, options)
  facts.userinfo = await oauth.processUserInfoResponse(as, client, facts.claims.sub, reply)
}
if (told.introspect) {
  const reply = await oauth.introspectionRequest(
    as, client, authentication, tokens.access_token, insecure,
  )
  facts.introspection = await oauth.processIntrospectionResponse(as, client, reply)
}
const refreshed = await oauth.refreshTokenGrantRequest(
  as, client, authentication, tokens.refresh_token, options,
)
const renewed = await oauth.processRefreshTokenResponse(as, client, refreshed)
facts.second = await read(renewed.access_token)
const revoked = await oauth.revocationRequest(
  as, client, authentication, renewed.refresh_token ?? tokens.refresh_token, insecure,
)
await oauth.processRevocationResponse(revoked)
facts.after_revocation = await read(renewed.access_token).catch((error) => ({
  status: error.status ?? error.cause?.status ?? error.response?.status ?? String(error),
}))
done(facts)
