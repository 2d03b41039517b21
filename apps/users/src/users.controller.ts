import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { USERS_SERVICE } from '@nestlens/protos';
import type { GetUserRequest, User } from '@nestlens/protos';
import { UsersService } from './users.service.js';

@Controller()
export class UsersController {
  constructor(private readonly users: UsersService) {}

  @GrpcMethod(USERS_SERVICE)
  getUser(request: GetUserRequest): Promise<User> {
    return this.users.get(request.id);
  }
}
