using System.Text.Json.Serialization;

namespace FuncLimiter.Simulation.Providers.Reports;

/// <summary>How reports and rules look in JSON: camel case, enumerations by name.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, PropertyNameCaseInsensitive = true)]
[JsonSerializable(typeof(DoubleReport))]
internal sealed partial class ReportJson : JsonSerializerContext;
