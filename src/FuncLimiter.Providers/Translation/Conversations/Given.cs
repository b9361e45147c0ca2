namespace FuncLimiter.Providers.Translation.Conversations;

/// <summary>A value together with the place where the caller wrote it, so that a loss can name it.</summary>
internal readonly record struct Given<T>(T Value, string Path);
