import { Controller, Get, Inject, Param } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import type { ClientGrpc } from '@nestjs/microservices';
import { USERS_SERVICE } from '@nestlens/protos';
import type { User, UsersClient } from '@nestlens/protos';
import type { Observable } from 'rxjs';

@Controller('users')
export class UsersController implements OnModuleInit {
  private users: UsersClient;

  constructor(@Inject('users') private readonly grpc: ClientGrpc) {}

  onModuleInit(): void {
    this.users = this.grpc.getService(USERS_SERVICE);
  }

  @Get(':id')
  get(@Param('id') id: string): Observable<User> {
    return this.users.getUser({ id });
  }
}
