// Starts the server with the two settings that are secret, so that they are in no configuration that people can read. The
// clients are those that Lambda's Node.js has beside itself (NODE_PATH), so nothing is added to the package.
'use strict';

const SERVER = './server.js';
const ATTEMPTS = 6; // Cognito answers a few descriptions a second; many servers may start at once

async function sessionSecret() {
  const { SecretsManagerClient, GetSecretValueCommand } = require('@aws-sdk/client-secrets-manager');
  const client = new SecretsManagerClient({ maxAttempts: ATTEMPTS });
  const answer = await client.send(new GetSecretValueCommand({ SecretId: process.env.SESSION_SECRET_ARN }));
  return answer.SecretString;
}

async function clientSecret() {
  const sdk = require('@aws-sdk/client-cognito-identity-provider');
  const client = new sdk.CognitoIdentityProviderClient({ maxAttempts: ATTEMPTS });
  const answer = await client.send(
    new sdk.DescribeUserPoolClientCommand({
      UserPoolId: process.env.COGNITO_USER_POOL_ID,
      ClientId: process.env.COGNITO_CLIENT_ID,
    }),
  );
  return answer.UserPoolClient?.ClientSecret;
}

Promise.all([sessionSecret(), clientSecret()])
  .catch((error) => {
    // The name alone: a message may quote what was asked for.
    process.stderr.write(`${JSON.stringify({ level: 'error', event: 'secrets_unavailable', error: error?.name })}\n`);
    process.exit(1);
  })
  .then(([session, client]) => {
    // A value that is missing is named by the server itself, which then doesn't start.
    process.env.SESSION_SECRET = session ?? '';
    process.env.COGNITO_CLIENT_SECRET = client ?? '';
    require(SERVER);
  });
