/** Attributes of an SVG element. */
type Attributes = Readonly<Record<string, string | number>>;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

/** Returns text that an element or a value in double quotes can hold. */
export const escaped = (text: string): string =>
  text.replaceAll(/[&<>"]/g, (character) => ESCAPES[character] ?? character);

/** Rounds a length to hundredths, so that files stay small. */
const valueOf = (value: string | number): string =>
  typeof value === 'number' ? String(Math.round(value * 100) / 100) : escaped(value);

/** Returns an element; `content` is SVG already. */
export function element(name: string, attributes: Attributes, content = ''): string {
  const given = Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${valueOf(value)}"`)
    .join('');
  return content === '' ? `<${name}${given}/>` : `<${name}${given}>${content}</${name}>`;
}

export const text = (content: string, attributes: Attributes): string =>
  element('text', attributes, escaped(content));

/** A whole picture. Its title is what a screen reader says. */
export function picture(
  { width, height, title }: { width: number; height: number; title: string },
  style: string,
  content: readonly string[],
): string {
  const body = [
    element('title', {}, escaped(title)),
    element('style', {}, escaped(style)),
    element('rect', { width, height, class: 'ground' }),
    ...content,
  ].join('\n');
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    viewBox: `0 0 ${Math.ceil(width)} ${Math.ceil(height)}`,
    width,
    height,
    role: 'img',
  };
  return `${element('svg', attributes, `\n${body}\n`)}\n`;
}
