// One connection, kept: a function handles one request at a time.
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import aws4 from "aws4";
import pg from "pg";

const { builtins, setTypeParser } = pg.types;
// What comes as text unless told otherwise: sums are below 2^53, amounts have two decimals.
setTypeParser(builtins.INT8, Number);
setTypeParser(builtins.NUMERIC, Number);
// Days stay days.
setTypeParser(builtins.DATE, String);

/** Reads the login from Secrets Manager and connects. */
export async function connect() {
  const { username, password } = JSON.parse(await readSecret(process.env.DATABASE_SECRET_ARN));
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

/** One signed request: the SDK's client would take as long to load as all the rest. */
function readSecret(id) {
  const endpoint = new URL(
    process.env.AWS_ENDPOINT_URL ?? `https://secretsmanager.${process.env.AWS_REGION}.amazonaws.com`,
  );
  const signed = aws4.sign({
    service: "secretsmanager",
    method: "POST",
    path: "/",
    hostname: endpoint.hostname,
    port: endpoint.port,
    headers: {
      "Content-Type": "application/x-amz-json-1.1",
      Host: endpoint.host,
      "X-Amz-Target": "secretsmanager.GetSecretValue",
    },
    body: JSON.stringify({ SecretId: id }),
  });
  const { request } = endpoint.protocol === "http:" ? http : https;
  return new Promise((resolve, reject) => {
    const sent = request(signed, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (part) => {
        body += part;
      });
      response.on("end", () =>
        response.statusCode === 200 ? resolve(JSON.parse(body).SecretString) : reject(new Error(body)),
      );
    });
    sent.on("error", reject);
    sent.end(signed.body);
  });
}
