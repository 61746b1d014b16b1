// One connection, kept: a function handles one request at a time.
import { readFileSync } from "node:fs";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import pg from "pg";

const { builtins, setTypeParser } = pg.types;
// What comes as text unless told otherwise: sums are below 2^53, amounts have two decimals.
setTypeParser(builtins.INT8, Number);
setTypeParser(builtins.NUMERIC, Number);
// Days stay days.
setTypeParser(builtins.DATE, String);

/** Reads the login from Secrets Manager and connects. */
export async function connect() {
  const secrets = new SecretsManagerClient({});
  const secret = await secrets.send(new GetSecretValueCommand({ SecretId: process.env.DATABASE_SECRET_ARN }));
  const { username, password } = JSON.parse(secret.SecretString);
  const client = new pg.Client({
    host: process.env.DATABASE_HOST,
    port: Number(process.env.DATABASE_PORT),
    database: process.env.DATABASE_NAME,
    user: username,
    password,
    keepAlive: true,
    ssl: process.env.DATABASE_TLS !== "disable" && { ca: readFileSync(process.env.DATABASE_CA_FILE) },
  });
  await client.connect();
  return client;
}
