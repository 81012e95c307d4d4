// Configuration of oidc-provider for the tests: node issuer.mjs PORT KEYS, where KEYS is a file with a JWKS (private).
import { readFileSync } from "node:fs";
import { Provider } from "oidc-provider";

const [port, keys] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const jwks = JSON.parse(readFileSync(keys, "utf8"));
const client = (client_id, grant_types, more) => ({ client_id, client_secret: "s".repeat(32), grant_types, redirect_uris: [], response_types: [], ...more });

const provider = new Provider(issuer, {
  jwks,
  clients: [
    client("night-job", ["client_credentials"]),
    client("stranger", ["client_credentials"]),
    client("desk", ["authorization_code"], { redirect_uris: [`${issuer}/back`], response_types: ["code"] }),
    client("console", ["authorization_code"], {
      redirect_uris: [`${issuer}/console/back`], post_logout_redirect_uris: [`${issuer}/console/sign-in`], response_types: ["code"],
    }),
  ],
  pkce: { required: () => true },
  claims: { openid: ["sub"], relhub: [] },
  scopes: ["openid", "relhub"],
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  extraTokenClaims: (_, token) => (token.accountId ? { realm_access: { roles: ["case-handler", "offline_access"] }, department: "Vergunningen" } : {}),
  features: {
    devInteractions: { enabled: true },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => "urn:relhub",
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({ scope: "relhub", audience: "urn:relhub", accessTokenFormat: "jwt", jwt: { sign: { alg: process.env.SIGN ?? "RS256" } } }),
    },
  },
  ttl: { AccessToken: 300, ClientCredentials: 300, Grant: 300, Session: 300, Interaction: 300, IdToken: 300 },
});

provider.listen(Number(port), "127.0.0.1", () => console.log("listening"));
