namespace Microsoft.Azure.Functions.Worker;

/// <summary>Azure/azure-functions-dotnet-worker: extensions/Worker.Extensions.Timer/src/TimerInfo.cs</summary>
public class TimerInfo;
