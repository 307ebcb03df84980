// oidc-provider with one client; GET /codes makes codes as its own log-in pages would.
// Arguments: port, client id, client secret, redirect URI.
import { Provider } from 'oidc-provider';

const [port, clientId, secret, redirectUri] = process.argv.slice(2);
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: clientId,
      client_secret: secret,
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code', 'refresh_token'],
    },
  ],
  scopes: ['accounts'],
  findAccount: (_ctx, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
  issueRefreshToken: async () => true,
});
const client = await provider.Client.find(clientId);

async function code(challenge) {
  const grant = new provider.Grant({ accountId: 'taro', clientId });
  grant.addOIDCScope('accounts');
  const made = new provider.AuthorizationCode({
    accountId: 'taro',
    client,
    grantId: await grant.save(),
    redirectUri,
    scope: 'accounts',
    gty: 'authorization_code',
    codeChallenge: challenge,
    codeChallengeMethod: 'S256',
  });
  return made.save();
}

provider.use(async (ctx, next) => {
  if (ctx.path !== '/codes') return next();
  const codes = [];
  for (let n = 0; n < Number(ctx.query.count); n += 1) codes.push(await code(ctx.query.challenge));
  ctx.body = { codes };
});
provider.listen(Number(port), '127.0.0.1');
