import type { IncomingMessage } from 'node:http';
import {
  type CanActivate,
  type ExecutionContext,
  Injectable,
  UnsupportedMediaTypeException,
} from '@nestjs/common';

/** Of Express: whether a body is of a type; null where there is none. */
interface ExpressRequest extends IncomingMessage {
  is(type: string): string | false | null;
}

/** Refuses a body of another type, which would be left unread and missed as if there were none. */
@Injectable()
export class JsonOnlyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    if (context.getType() !== 'http') return true;
    const request = context.switchToHttp().getRequest<ExpressRequest>();
    const { 'content-type': type = 'none', 'content-length': length } = request.headers;
    if (length === '0' || request.is('json') !== false) return true;
    throw new UnsupportedMediaTypeException(`Expected a Content-Type of application/json, got ${type}`);
  }
}
