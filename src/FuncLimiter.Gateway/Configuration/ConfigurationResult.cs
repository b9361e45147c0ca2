using System.Diagnostics.CodeAnalysis;

namespace FuncLimiter.Gateway.Configuration;

/// <summary>What came of reading: a configuration, or every mistake in it; never both.</summary>
public sealed class ConfigurationResult
{
    internal ConfigurationResult(GatewayConfiguration configuration)
    {
        Configuration = configuration;
        Mistakes = [];
    }

    internal ConfigurationResult(IReadOnlyList<ConfigurationMistake> mistakes) => Mistakes = mistakes;

    /// <summary>True when there is a configuration.</summary>
    [MemberNotNullWhen(true, nameof(Configuration))]
    public bool IsValid => Configuration is not null;

    /// <summary>The configuration; null where there are mistakes.</summary>
    public GatewayConfiguration? Configuration { get; }

    /// <summary>All mistakes, in the order of the file; empty where there is a configuration.</summary>
    public IReadOnlyList<ConfigurationMistake> Mistakes { get; }
}
