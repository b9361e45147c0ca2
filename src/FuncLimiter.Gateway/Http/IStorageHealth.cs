namespace FuncLimiter.Gateway.Http;

/// <summary>Whether a host's storage takes what must be kept.</summary>
internal interface IStorageHealth
{
    /// <summary>What is the matter, as a part of a sentence; null where nothing is.</summary>
    string? Trouble { get; }
}
