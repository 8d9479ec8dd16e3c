// Providers by oidc-provider: one for each of the options, all with one person in them, who needs no password.

import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'

import { Provider } from 'oidc-provider'

import { options, say } from './conversation.mjs'

const PERSON = { name: 'Somebody Else', email: 'somebody@example.com', email_verified: true }

// The pages that come with it load a font from elsewhere; tests stay on this machine.
const page = (ctx, body) => {
  ctx.type = 'html'
  ctx.body = `<!DOCTYPE html><html lang="en"><title>oidc-provider</title><body>${body}</body></html>`
}

const jwk = (kid, type, parameters, more) => ({
  ...generateKeyPairSync(type, parameters).privateKey.export({ format: 'jwk' }),
  use: 'sig',
  kid,
  ...more,
})

const KEYS = [
  jwk('rsa', 'rsa', { modulusLength: 2048 }, { alg: 'RS256' }),
  jwk('ec', 'ec', { namedCurve: 'P-256' }, { alg: 'ES256' }),
]

// An access token for an API is of the form that the last word of the API's name says (RFC 8707).
const api = (_, indicator) => ({
  scope: 'profile',
  audience: 'resource-server',
  accessTokenFormat: indicator.split(':').pop(),
  jwt: { sign: { alg: 'RS256' } },
})

function configuration({ clients, access_token_ttl }) {
  return {
    clients,
    clockTolerance: 0, // an access token ends when it is said to
    jwks: { keys: KEYS },
    claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'] },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, ...PERSON }) }),
    // Its own calls of clients go to no private address; the clients of a test are on this machine.
    fetch: (url, { dispatcher: _, ...rest }) => fetch(url, rest),
    cookies: { keys: ['a key of the tests'] },
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256', 'HS256'] },
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      introspection: { enabled: true },
      resourceIndicators: { enabled: true, getResourceServerInfo: api },
      revocation: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) =>
          page(ctx, `${form}<button form="op.logoutForm" name="logout" value="yes">Sign me out</button>`),
        postLogoutSuccessSource: (ctx) => page(ctx, '<h1>Signed out</h1>'),
      },
    },
    pkce: { required: () => true },
    renderError: (ctx, { error, error_description }) => page(ctx, `<h1>${error}</h1><p>${error_description}</p>`),
    ttl: { AccessToken: access_token_ttl, Grant: 600, IdToken: 60, Interaction: 600, RefreshToken: 600, Session: 600 },
  }
}

function serve({ issuer, ...rest }) {
  const provider = new Provider(issuer, configuration(rest))
  const callback = provider.callback()

  const interaction = async (request, response) => {
    const { params } = await provider.interactionDetails(request, response)
    if (request.method === 'GET') {
      response.setHeader('content-type', 'text/html')
      return response.end('<!DOCTYPE html><html lang="en"><form method="post"><button>It is me</button></form></html>')
    }
    const grant = new provider.Grant({ accountId: 'somebody', clientId: params.client_id })
    grant.addOIDCScope(params.scope)
    if (params.resource) grant.addResourceScope(params.resource, params.scope)
    const result = { login: { accountId: 'somebody' }, consent: { grantId: await grant.save() } }
    return provider.interactionFinished(request, response, result)
  }

  const server = createServer((request, response) =>
    request.url.startsWith('/interaction/') ? interaction(request, response) : callback(request, response),
  )
  return new Promise((resolve) => server.listen(new URL(issuer).port, '127.0.0.1', resolve))
}

await Promise.all(options.providers.map(serve))
say({ ready: true })
