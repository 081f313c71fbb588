// The dialog in which somebody says what is to become of something.
import { button, element, find } from './elements.js';

let send = async () => undefined;

/**
 * Opens it. `fields` are `{name, label, type?, required?, value?}`; `post` is given their values and returns what came of it in words.
 */
export function openForm({ title, which, fields, does, post }) {
  const inputs = fields.map(({ name, label, type = 'text', required = false, value = '' }) => {
    const input = element('input');
    Object.assign(input, { name, type, required, value, maxLength: 2000 });
    return element('label', label, ' ', input);
  });
  find('form-title').textContent = title;
  find('form-which').textContent = which;
  find('form-fields').replaceChildren(...inputs);
  find('form-fault').textContent = '';
  find('form-send').textContent = does;
  send = async () => {
    const values = Object.fromEntries(
      [...new FormData(find('form')).entries()]
        .map(([name, value]) => [name, value.trim()])
        .filter(([, value]) => value !== ''),
    );
    find('answer').textContent = await post(values);
  };
  find('form-dialog').showModal();
}

/** A row's buttons, in one cell. */
export function actions(...buttons) {
  const cell = element('span', ...buttons.map(([text, press]) => button(text, press)));
  cell.className = 'actions';
  return cell;
}

export function closeForm() {
  find('answer').textContent = '';
  find('form-dialog').close();
}

/** `afterwards` is called when something was sent, whatever came of it. */
export function whenSent(afterwards) {
  find('form').addEventListener('submit', async (event) => {
    event.preventDefault();
    find('form-send').disabled = true;
    find('form-fault').textContent = '';
    try {
      await send();
      find('form-dialog').close();
    } catch (error) {
      find('form-fault').textContent = error.message;
    }
    find('form-send').disabled = false;
    afterwards();
  });
  find('form-cancel').addEventListener('click', () => find('form-dialog').close());
}
