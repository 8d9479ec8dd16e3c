// openid-client, configured by an issuer and by what a client is registered with there.

import * as oidc from 'openid-client'

// The provider of a test speaks HTTP on this machine; signatures are checked all the same, also where TLS would do.
export const CHECKED = { execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks] }

const METHODS = {
  client_secret_basic: ({ client }) => oidc.ClientSecretBasic(client.client_secret),
  client_secret_post: ({ client }) => oidc.ClientSecretPost(client.client_secret),
  client_secret_jwt: ({ client }) => oidc.ClientSecretJwt(client.client_secret),
  private_key_jwt: ({ key }) => oidc.PrivateKeyJwt(key),
  none: () => oidc.None(),
}

export async function signingKey({ private_key: jwk }) {
  if (!jwk) return undefined
  const key = await crypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
  return { key, kid: jwk.kid }
}

export async function discover({ issuer, client, private_key }) {
  const authentication = METHODS[client.token_endpoint_auth_method]({ client, key: await signingKey({ private_key }) })
  return oidc.discovery(new URL(issuer), client.client_id, client, authentication, CHECKED)
}
