// A device without a browser (RFC 8628): it shows a code, and waits for the person's answer.

import * as oidc from 'openid-client'

import { discover } from './configuration.mjs'
import { end, options, say } from './conversation.mjs'

const config = await discover(options)
const started = await oidc.initiateDeviceAuthorization(config, { scope: 'openid email' })
say({ open: started.verification_uri_complete, code: started.user_code })
try {
  const tokens = await oidc.pollDeviceAuthorizationGrant(config, started)
  const claims = tokens.claims()
  end({ claims, userinfo: await oidc.fetchUserInfo(config, tokens.access_token, claims.sub) })
} catch (refusal) {
  end({ error: refusal.error })
}
