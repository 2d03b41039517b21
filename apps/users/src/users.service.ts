import { Injectable, Logger } from '@nestjs/common';
import { GrpcStatus, RpcException } from '@nestjs/microservices';
import type { User } from '@nestlens/protos';
import { UsersRepository } from './users.repository.js';

@Injectable()
export class UsersService {
  private readonly logger = new Logger(UsersService.name);

  constructor(private readonly repository: UsersRepository) {}

  async get(id: string): Promise<User> {
    const user = await this.repository.find(id);
    if (!user) {
      this.logger.warn(`Nobody has the id "${id}"`);
      throw new RpcException({ code: GrpcStatus.NOT_FOUND, message: `No user "${id}"` });
    }
    return user;
  }
}
