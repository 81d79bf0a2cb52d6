// Optional improvements: the pages also work without JavaScript.

// Prevents a form from being submitted twice.
document.addEventListener('submit', ({ target }) => {
  for (const button of target.querySelectorAll('button')) setTimeout(() => (button.disabled = true))
})
window.addEventListener('pageshow', () => {
  for (const button of document.querySelectorAll('form button')) button.disabled = false
})

// The slash key moves the focus to the search field.
document.addEventListener('keydown', (event) => {
  const isTyping = event.target.matches('input, textarea, select')
  const search = document.querySelector('[type=search]')
  if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || isTyping || !search) return
  event.preventDefault()
  search.focus()
})

// Buttons that copy a secret to the clipboard.
for (const button of document.querySelectorAll('[data-copies]')) {
  button.hidden = false
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copies).textContent)
    button.textContent = button.dataset.done
  })
}
