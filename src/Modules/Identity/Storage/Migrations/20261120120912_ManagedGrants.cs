using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OpenBanking.Identity.Storage.Migrations
{
    /// <inheritdoc />
    public partial class ManagedGrants : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "ManagedGrantId",
                schema: "identity",
                table: "grants",
                type: "character varying(43)",
                maxLength: 43,
                nullable: true);

            migrationBuilder.CreateTable(
                name: "managed_grants",
                schema: "identity",
                columns: table => new
                {
                    Id = table.Column<string>(type: "character varying(43)", maxLength: 43, nullable: false),
                    ClientId = table.Column<string>(type: "text", nullable: false),
                    UserId = table.Column<Guid>(type: "uuid", nullable: false),
                    ConsentId = table.Column<string>(type: "text", nullable: false),
                    Scope = table.Column<string>(type: "text", nullable: false),
                    Claims = table.Column<string[]>(type: "text[]", nullable: false),
                    AuthorizationDetails = table.Column<string>(type: "jsonb", nullable: false),
                    CreatedAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    UpdatedAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    ExpiresAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    RevokedAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_managed_grants", x => x.Id);
                });

            migrationBuilder.CreateIndex(
                name: "IX_grants_ExpiresAt",
                schema: "identity",
                table: "grants",
                column: "ExpiresAt",
                filter: "\"ExpiresAt\" IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_grants_ManagedGrantId",
                schema: "identity",
                table: "grants",
                column: "ManagedGrantId",
                filter: "\"ManagedGrantId\" IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_grants_RevokedAt",
                schema: "identity",
                table: "grants",
                column: "RevokedAt",
                filter: "\"RevokedAt\" IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_managed_grants_ConsentId",
                schema: "identity",
                table: "managed_grants",
                column: "ConsentId",
                unique: true,
                filter: "\"RevokedAt\" IS NULL");

            migrationBuilder.CreateIndex(
                name: "IX_managed_grants_ExpiresAt",
                schema: "identity",
                table: "managed_grants",
                column: "ExpiresAt");

            migrationBuilder.CreateIndex(
                name: "IX_managed_grants_RevokedAt",
                schema: "identity",
                table: "managed_grants",
                column: "RevokedAt");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "managed_grants",
                schema: "identity");

            migrationBuilder.DropIndex(
                name: "IX_grants_ExpiresAt",
                schema: "identity",
                table: "grants");

            migrationBuilder.DropIndex(
                name: "IX_grants_ManagedGrantId",
                schema: "identity",
                table: "grants");

            migrationBuilder.DropIndex(
                name: "IX_grants_RevokedAt",
                schema: "identity",
                table: "grants");

            migrationBuilder.DropColumn(
                name: "ManagedGrantId",
                schema: "identity",
                table: "grants");
        }
    }
}
