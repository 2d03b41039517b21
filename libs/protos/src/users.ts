import type { Observable } from 'rxjs';

export interface GetUserRequest {
  id: string;
}

export interface User {
  id: string;
  name: string;
  email: string;
}

export interface UsersClient {
  getUser(request: GetUserRequest): Observable<User>;
}
