import { Body, Controller, Get, Module, Param, Post } from '@nestjs/common';
import type { DynamicModule, INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ApiOkResponse, ApiOperation, ApiProperty, DocumentBuilder } from '@nestjs/swagger';
import { SwaggerModule } from '@nestjs/swagger';
import type { OpenAPIObject } from '@nestjs/swagger';
import { Counted, OtelModule, Span, Timed } from '@nestlens/otel';
import { useLeakCheck } from '@nestlens/testing';
import { PLATFORMS, ask, portOf } from './health-app.js';
import type { Platform } from './health-app.js';

class Cat {
  @ApiProperty({ example: 'Tom' })
  name: string;
}

@Controller('cats')
class PlainController {
  @Get(':id')
  @ApiOperation({ summary: 'One cat' })
  @ApiOkResponse({ type: Cat })
  get(@Param('id') id: string): Cat {
    return { name: id };
  }

  @Post()
  @ApiOkResponse({ type: Cat })
  add(@Body() cat: Cat): Cat {
    return cat;
  }
}

@Controller('cats')
class ObservedController {
  @Span()
  @Get(':id')
  @ApiOperation({ summary: 'One cat' })
  @Counted('cats.asked')
  @ApiOkResponse({ type: Cat })
  get(@Param('id') id: string): Cat {
    return { name: id };
  }

  @Post()
  @ApiOkResponse({ type: Cat })
  @Timed('cats.adding')
  @Span()
  add(@Body() cat: Cat): Cat {
    return cat;
  }
}

@Module({})
class CatsModule {}

const PLAIN: DynamicModule = { module: CatsModule, controllers: [PlainController] };
const OBSERVED: DynamicModule = {
  module: CatsModule,
  imports: [
    OtelModule.forRoot({
      traces: { exporters: ['none'] },
      metrics: { exporters: ['none'], prometheus: true },
      logs: { exporters: ['none'] },
    }),
  ],
  controllers: [ObservedController],
};

const start = async (platform: Platform, root: DynamicModule): Promise<INestApplication> => {
  const app =
    platform === 'express'
      ? await NestFactory.create(root, { logger: false })
      : await NestFactory.create(root, new FastifyAdapter(), { logger: false });
  app.setGlobalPrefix('api');
  return app;
};

const documentOf = (app: INestApplication): OpenAPIObject =>
  SwaggerModule.createDocument(app, new DocumentBuilder().setTitle('Cats').build());

describe.each(PLATFORMS)('the OpenAPI document of an app on %s', (platform) => {
  useLeakCheck();

  it('does not change with OtelModule, its probes and its decorators', async () => {
    const plain = await start(platform, PLAIN);
    await plain.init();
    const expected = documentOf(plain);
    await plain.close();

    const app = await start(platform, OBSERVED);
    const document = documentOf(app);
    // The pages of Swagger would need a further package on Fastify.
    SwaggerModule.setup('docs', app, document, { ui: false });
    await app.listen(0, '127.0.0.1');
    const port = portOf(app);
    for (const path of ['/livez', '/readyz', '/metrics', '/docs-json']) {
      expect([path, (await ask(port, path)).status]).toEqual([path, 200]);
    }
    const served: unknown = JSON.parse((await ask(port, '/docs-json')).body);
    await app.close();

    expect(Object.keys(expected.paths)).toEqual(['/api/cats/{id}', '/api/cats']);
    const withName = JSON.stringify(expected).replaceAll('Plain', 'Observed');
    expect(JSON.stringify(document)).toBe(withName);
    expect(served).toEqual(JSON.parse(withName));
  });
});
