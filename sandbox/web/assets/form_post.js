// The answer to the client's request goes on at once (OAuth 2.0 Form Post Response Mode).
document.forms[0].submit();
