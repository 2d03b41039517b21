type Packages = string | readonly string[] | undefined;

const packagesOf = (packages: Packages): readonly string[] =>
  typeof packages === 'string' ? [packages] : (packages ?? []);

/** Nest serves the services of the option `package` and of the packages below. */
export const servesPackageOf = (service: string, packages: Packages): boolean =>
  packagesOf(packages).some((name) => name !== '' && service.startsWith(`${name}.`));

/**
 * The full names of the services that Nest will add to a server, from what `@grpc/proto-loader` has loaded: messages and
 * enums have a `format` there. Files that are only imported bring services that nobody serves. An empty package serves all.
 */
export const servicesIn = (definitions: object, packages: Packages): readonly string[] => {
  const names = packagesOf(packages);
  const servesAll = names.length === 0 || names.includes('');
  return Object.entries(definitions)
    .filter(([name, { format }]: [string, { format?: unknown }]) => {
      const isService = typeof format !== 'string';
      return isService && (servesAll || servesPackageOf(name, packages));
    })
    .map(([name]) => name);
};
