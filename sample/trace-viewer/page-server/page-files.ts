import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Answer, Routes } from '../http/route.js';

const BUILT_PAGE = fileURLToPath(new URL('../page', import.meta.url));

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Everything comes from here, and nothing of what spans say is ever run. */
const POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** A route for each file of the page: what is not among them cannot be asked for. They are few and small, and kept in memory. */
export function pageFiles(folder: string = BUILT_PAGE): Routes {
  const files = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];
  const routes = files
    .filter((file) => CONTENT_TYPES[extname(file)] !== undefined)
    .map((file) => [
      `GET /${file === 'index.html' ? '' : file.replaceAll(sep, '/')}`,
      fileAnswer(readFileSync(join(folder, file)), CONTENT_TYPES[extname(file)] ?? ''),
    ]);
  return Object.fromEntries(routes) as Routes;
}

function fileAnswer(content: Buffer, type: string): Answer {
  return (_request, response) => {
    response
      .writeHead(200, {
        'content-type': type,
        'content-length': content.length,
        'content-security-policy': POLICY,
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      })
      .end(content);
  };
}
