import { environmentOf } from '../environment-of.js';
import { containersOf, idOf, type Workload } from '../manifests.js';
import { isService } from '../services.js';
import type { Rule } from './rule.js';

/** As create-databases.sh makes them: a database for each service, of the user of that name. */
const DATABASES: Readonly<Record<string, readonly [name: string, password: string]>> = {
  'order-service': ['orders', 'ORDERS_PASSWORD'],
  'notification-service': ['notifications', 'NOTIFICATIONS_PASSWORD'],
};

/** Each service signs in to its own database with the password that the server was told. */
export const passwords: Rule = (manifests) => {
  const server = manifests.find('StatefulSet', 'production', 'postgres') as Workload | undefined;
  if (!server) return [];
  const told = environmentOf(manifests, server, containersOf(server)[0]!);
  return manifests.workloads.filter(isService).flatMap((workload) => {
    const [database = '', variable = ''] = DATABASES[workload.metadata.name] ?? [];
    const { DATABASE_URL = '' } = environmentOf(manifests, workload, containersOf(workload)[0]!);
    if (!URL.canParse(DATABASE_URL)) return [];
    const { username, password, pathname } = new URL(DATABASE_URL);
    const mistakes: Readonly<Record<string, boolean>> = {
      [`signs in to the database ${pathname.slice(1)} as ${username}, and has ${database}`]:
        pathname !== `/${database}` || username !== database,
      [`signs in with another password than ${variable}`]: decodeURIComponent(password) !== told[variable],
    };
    return Object.keys(mistakes)
      .filter((mistake) => mistakes[mistake])
      .map((mistake) => `${idOf(workload)} ${mistake}`);
  });
};
