export { Chat, type ChatOptions, ChatReply, type ChatSummary } from './chat.js'
export { type ChatMessage, type ChatTemplate, loadChatTemplate } from './template.js'
