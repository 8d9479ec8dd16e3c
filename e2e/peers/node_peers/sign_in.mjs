// A sign-in, and then everything that its tokens are good for. The test is the person: it gets the address to open, and
// answers with the address that the person comes back with.

import * as oidc from 'openid-client'

import { CHECKED, discover, signingKey } from './configuration.mjs'
import { ask, end, options } from './conversation.mjs'

const { issuer, registration, request = 'plain', response_mode, redirect_uri, post_logout_redirect_uri, api } = options

const config = registration
  ? await oidc.dynamicClientRegistration(new URL(issuer), registration, undefined, CHECKED)
  : await discover(options)
if (response_mode === 'jwt') oidc.useJwtResponseMode(config)

const verifier = oidc.randomPKCECodeVerifier()
const checks = {
  pkceCodeVerifier: verifier,
  expectedState: oidc.randomState(),
  expectedNonce: oidc.randomNonce(),
  idTokenExpected: true,
  maxAge: 60,
}
const parameters = {
  redirect_uri,
  scope: 'openid email profile',
  state: checks.expectedState,
  nonce: checks.expectedNonce,
  max_age: String(checks.maxAge),
  code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
}

const signed = async () => oidc.buildAuthorizationUrlWithJAR(config, parameters, await signingKey(options))
const REQUESTS = {
  plain: () => oidc.buildAuthorizationUrl(config, parameters),
  signed,
  pushed: () => oidc.buildAuthorizationUrlWithPAR(config, parameters),
  'signed and pushed': async () => oidc.buildAuthorizationUrlWithPAR(config, (await signed()).searchParams),
}

const back = await ask({ open: await REQUESTS[request]() })
const tokens = await oidc.authorizationCodeGrant(config, new URL(back), checks)
const claims = tokens.claims()
const userinfo = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub)

const refreshed = await oidc.refreshTokenGrant(config, tokens.refresh_token)
const url = new URL(api)
const answer = await oidc.fetchProtectedResource(config, refreshed.access_token, url, 'GET')
const confidential = config.clientMetadata().token_endpoint_auth_method !== 'none'
const introspect = async () => (await oidc.tokenIntrospection(config, refreshed.access_token)).active
const active = confidential ? [await introspect()] : []
await oidc.tokenRevocation(config, refreshed.refresh_token)
if (confidential) active.push(await introspect())
const refusal = await oidc.fetchUserInfo(config, refreshed.access_token, claims.sub).catch((error) => error)

const logout = oidc.buildEndSessionUrl(config, {
  id_token_hint: tokens.id_token,
  post_logout_redirect_uri,
  state: checks.expectedState,
})

end({
  claims,
  userinfo,
  refreshed: { differs: refreshed.access_token !== tokens.access_token, claims: refreshed.claims() },
  api: { status: answer.status, body: await answer.json() },
  active,
  after_revocation: refusal.status,
  logout,
  client: config.clientMetadata(),
})
