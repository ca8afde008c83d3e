import type { Request, Response } from 'express';
import { Passport } from 'passport';
import { Strategy } from 'passport-local';
import { DomainError } from '../../domain/contract/errors';
import type { UserRow } from '../../db/entities/accounts';

/** Whose password it is, or null: never which of the two was wrong, and in equal time. */
export type CheckPassword = (req: Request, email: string, password: string) => Promise<UserRow | null>;

/** The account whose e-mail and password the body carries. Refuses BAD_CREDENTIALS, and what `check` refuses. */
export function createPasswordLogin(check: CheckPassword): (req: Request, res: Response) => Promise<UserRow> {
  const passport = new Passport();
  passport.use(
    new Strategy({ usernameField: 'email', passReqToCallback: true }, (req, email, password, done) => {
      check(req as Request, email, password).then((user) => done(null, user ?? false), done);
    }),
  );
  return (req, res) =>
    new Promise((resolve, reject) => {
      const answered = (error: unknown, user: UserRow | false): void => {
        if (error) reject(error as Error);
        else if (user) resolve(user);
        else reject(new DomainError('BAD_CREDENTIALS'));
      };
      (
        passport.authenticate('local', { session: false }, answered) as (
          req: Request,
          res: Response,
          next: (error: unknown) => void,
        ) => void
      )(req, res, reject);
    });
}
