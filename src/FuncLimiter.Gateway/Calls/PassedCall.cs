using FuncLimiter.Gateway.Calls.Upstream;
using FuncLimiter.Providers.Passing;

namespace FuncLimiter.Gateway.Calls;

/// <summary>A call of a path that is passed on as it is.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Path">The path.</param>
/// <param name="Model">Where the body names the model.</param>
public sealed record PassedCall(string Method, PassedPath Path, ModelPlace Model)
{
    /// <summary>The account that takes it where it names no model; null where its model's route does.</summary>
    public string? Account { get; init; }

    /// <summary>The parameter of the query that names the model, which stands in no query of the call's own; null where none does.</summary>
    public string? ModelInQuery { get; init; }

    /// <summary>A body too large to be held; null where the call's own is the whole.</summary>
    internal UploadBody? Upload { get; init; }

    /// <summary>Whether an answer made something that its account keeps.</summary>
    public bool MakesState => Path is { TellsUsage: true, Generates: false };
}
