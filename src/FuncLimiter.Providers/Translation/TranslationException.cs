namespace FuncLimiter.Providers.Translation;

/// <summary>An answer holds what can't be put into the caller's API.</summary>
internal sealed class TranslationException(string message) : Exception(message);
