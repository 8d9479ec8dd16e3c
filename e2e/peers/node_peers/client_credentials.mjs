// A client on its own behalf (RFC 6749 §4.4).

import * as oidc from 'openid-client'

import { discover } from './configuration.mjs'
import { end, options } from './conversation.mjs'

const config = await discover(options)
const { access_token, scope, token_type } = await oidc.clientCredentialsGrant(config, { scope: 'reports' })
const { active, client_id, sub } = await oidc.tokenIntrospection(config, access_token)
end({ scope, token_type, active, client_id, sub: sub ?? null })
